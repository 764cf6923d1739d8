using Merpati.Platform.Hosting;
using Merpati.Standalone;
using Spectre.Console.Cli;

var app = new CommandApp<RunCommand>();
app.Configure(configuration =>
{
    configuration.SetApplicationName(StandaloneHost.Program);
    configuration.SetApplicationVersion(StandaloneHost.Version);
    configuration.Settings.StrictParsing = true;
    configuration.SetExceptionHandler((failure, _) =>
    {
        Console.Error.WriteLine($"{StandaloneHost.Program}: {failure.Message.ReplaceLineEndings(" ")}");
        return failure is CommandAppException ? ExitCode.Configuration : ExitCode.Fault;
    });
});
return await app.RunAsync(args);
