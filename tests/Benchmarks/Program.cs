// Filled by its own commit.
return 0;
