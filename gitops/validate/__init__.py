"""One validation, of a project (`project`) or of manifests that are given (`files`). Nothing is written but fixes, if asked for."""
