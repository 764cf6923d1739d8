using Merpati.Fuzz;

// merpati-fuzz <target|all> [--replay <folder> | --random <seconds> [seed]]
// Without a mode the target runs under libFuzzer (SharpFuzz); those of imap-sessions know --random alone.
return await FuzzRun.StartAsync(args);
