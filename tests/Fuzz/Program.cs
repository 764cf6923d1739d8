using Merpati.Fuzz;

// merpati-fuzz <target|all> [--replay <folder> | --random <seconds> [seed]]
// Without a mode the target runs under libFuzzer (SharpFuzz).
return FuzzRun.Start(args);
