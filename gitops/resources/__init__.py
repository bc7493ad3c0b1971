"""What a spec returns: a module for each kind, a package for those that environments provide in several ways."""
