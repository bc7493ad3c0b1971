"""What the API servers of the environments accept: schemas by exact group, version and kind."""
