using Merpati.Local;
using Merpati.Local.Commands;
using Spectre.Console;
using Spectre.Console.Cli;

var app = new CommandApp();
app.Configure(configuration =>
{
    configuration.SetApplicationName("merpati-local");
    configuration.PropagateExceptions();
    configuration.Settings.Registrar.RegisterInstance(AnsiConsole.Console);
    configuration.AddCommand<Up>("up").WithDescription("Starts the servers in the background.");
    configuration.AddCommand<Down>("down").WithDescription("Stops them; data stay.");
    configuration.AddCommand<Merpati.Local.Commands.Status>("status").WithDescription("What runs, and where.");
    configuration.AddCommand<Serve>("serve").WithDescription("Runs the servers in the foreground.");
    configuration.AddCommand<Provision>("provision").WithDescription("Fetches what is missing, and starts nothing.");
});
try
{
    return await app.RunAsync(args);
}
catch (Exception e) when (e is MissingPartException or CommandAppException or InvalidOperationException)
{
    AnsiConsole.WriteLine(e.Message);
    return 1;
}
