"""What an execution does next, one noun a module: scene, starting, ending, undoing, news."""
