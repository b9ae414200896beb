return release_slot(ARGV[1], ARGV[2])
