"""A scripted model for real agent CLIs: it speaks the APIs they speak and asks nobody."""
