"""What callers hear while they wait in line and talk on stage, and what the presenter's phone hears."""
