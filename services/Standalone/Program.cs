using Merpati.Standalone;
using Spectre.Console.Cli;

var app = new CommandApp<RunCommand>();
app.Configure(configuration =>
{
    configuration.SetApplicationName("merpati-standalone");
    configuration.SetApplicationVersion(StandaloneHost.Version);
    configuration.Settings.StrictParsing = true;
});
return await app.RunAsync(args);
