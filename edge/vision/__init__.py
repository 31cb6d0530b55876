"""From a gray frame to the emotions of its faces: detect, track, crop, classify, settle."""
