"""Two commits on one machine at the same time: started, sent the same requests, taken down."""
