using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;

namespace Merpati.Platform.Hosting;

/// <summary>The log of every server: one line an event, on standard error; standard output belongs to what a server prints for people.</summary>
public static class ServerLog
{
    public static ILoggingBuilder AddServerLog(this ILoggingBuilder logging, ServerOptions options)
    {
        logging.ClearProviders();
        logging.SetMinimumLevel(options.LogLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System", LogLevel.Warning);
        logging.AddFilter("Grpc", LogLevel.Warning);
        // The bus tells what is worth telling itself.
        logging.AddFilter("MassTransit", LogLevel.Critical);
        // Failures at start are told by us, in one line.
        logging.AddFilter("Microsoft.Extensions.Hosting", LogLevel.None);
        // What is not ready is told by those who wait for it; a probe that asks is no event.
        logging.AddFilter("Microsoft.Extensions.Diagnostics.HealthChecks", LogLevel.None);
        logging.AddConsole(console =>
        {
            console.LogToStandardErrorThreshold = LogLevel.Trace;
            console.FormatterName = options.LogFormat == LogFormat.Json ? ConsoleFormatterNames.Json : ConsoleFormatterNames.Simple;
        });
        logging.Services.Configure<SimpleConsoleFormatterOptions>(format =>
        {
            format.SingleLine = true;
            format.UseUtcTimestamp = true;
            format.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        logging.Services.Configure<JsonConsoleFormatterOptions>(format => format.UseUtcTimestamp = true);
        return logging;
    }
}
