using Merpati.Fuzz;

// merpati-fuzz <target|all> [--replay <folder> | --random <seconds> [seed]]
// Without a mode the target runs under libFuzzer (SharpFuzz); imap-sessions knows --random alone.
return await FuzzRun.StartAsync(args);
