"""What every part of the exchange uses: time, settings, errors, faults, and stores of bounded size."""
