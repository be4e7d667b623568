"""Reports to text: one small file per format. Nothing here prints."""
