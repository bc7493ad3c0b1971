# grφίe
