using Merpati.Cli;
using Merpati.Cli.Terminal;

return await MerpatiCommand.RunAsync(args, SystemTerminal.Open(), CancellationToken.None);
