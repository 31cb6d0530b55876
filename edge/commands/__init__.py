"""What a person calls beside `run`: analyze, export, report, doctor, benchmark, fetch-yunet."""
