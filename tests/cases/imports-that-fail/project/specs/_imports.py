from specs._missing import x
