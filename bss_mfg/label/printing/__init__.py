"""Label files to printers, and pages to calibrate a printer from."""
