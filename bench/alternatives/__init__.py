"""What our code is compared with: apps and workers as most projects write them."""
