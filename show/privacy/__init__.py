"""What happens to what was stored about people: purge, forgetting one person, receipts, export."""
