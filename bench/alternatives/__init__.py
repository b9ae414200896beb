"""What our code is compared with: apps, workers and HTTP clients, either as most projects write them or minimal."""
