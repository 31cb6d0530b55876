"""The face detector's training: photos and pasted faces in, a single-shot network out."""
