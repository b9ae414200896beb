"""The pages that the exchange renders: a call, the list of calls, the debugger, the faults."""
