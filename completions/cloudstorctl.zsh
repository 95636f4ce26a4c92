#compdef cloudstorctl

_cloudstorctl_completion() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _CLOUDSTORCTL_COMPLETE=complete_zsh cloudstorctl)
}

compdef _cloudstorctl_completion cloudstorctl
