"""What our code is compared with: apps, workers and HTTP clients as most projects write them, or of the least cost."""
