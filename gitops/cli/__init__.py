"""The commands, a module each; `main` names them."""
