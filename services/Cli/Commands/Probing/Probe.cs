using System.ComponentModel;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Merpati.Administration;
using Merpati.Cli.Probing;
using Merpati.Cli.Terminal;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Probing;

[Description("Send a message through the real ports and read it, once or all the time, and measure how long that takes. It needs an account, and no admin API.")]
internal sealed class Probe(ITerminal terminal) : AsyncCommand<Probe.Options>
{
    private readonly TimeProvider _time = TimeProvider.System;

    public override async Task<int> ExecuteAsync(CommandContext context, Options settings, CancellationToken cancellationToken)
    {
        var probe = await ReadAsync(settings, cancellationToken);
        var printer = new Printer(terminal, settings.Json);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var term = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Stop(signal, stop));
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Stop(signal, stop));
        await using var telemetry = new ProbeTelemetry(settings.Metrics, MerpatiCommand.Version, otlp: terminal.Environment("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 });
        try { await telemetry.ServeAsync(stop.Token); }
        catch (IOException e) { throw new UsageFailure($"The metrics cannot be served on port {settings.Metrics}: {e.Message}"); }
        if (settings.Once)
        {
            var failure = await RoundAsync(probe, telemetry, printer, stop.Token);
            return failure is null ? ExitCode.Done : throw new DamageFailure($"The step {failure.Step.Name()} failed: {failure.Message}");
        }
        using var timer = new PeriodicTimer(settings.Every, _time);
        try
        {
            do await RoundAsync(probe, telemetry, printer, stop.Token);
            while (await timer.WaitForNextTickAsync(stop.Token));
        }
        catch (OperationCanceledException) { }
        return ExitCode.Done;
    }

    private static void Stop(PosixSignalContext signal, CancellationTokenSource stop)
    {
        signal.Cancel = true;
        stop.Cancel();
    }

    private async Task<ProbeFailedException?> RoundAsync(ProbeSettings probe, ProbeTelemetry telemetry, Printer printer, CancellationToken cancellationToken)
    {
        var steps = new Dictionary<string, double>();
        try
        {
            var visible = await new ProbeRound(probe, _time, (step, took) =>
            {
                steps[step.Name()] = Math.Round(took.TotalSeconds, 4);
                telemetry.Record(step, took);
            }).RunAsync(cancellationToken);
            telemetry.Succeeded(visible, _time.GetUtcNow());
            printer.Print(new ProbeView(_time.GetUtcNow(), Math.Round(visible.TotalSeconds, 4), steps, null, null), () => printer.Line(string.Create(CultureInfo.InvariantCulture, $"{When.FormatExactly(_time.GetUtcNow())} visible after {visible.TotalSeconds:0.000} s ({string.Join(", ", steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Key} {step.Value:0.000}")))})")));
            return null;
        }
        catch (ProbeFailedException failure)
        {
            telemetry.Failed(failure.Step);
            printer.Print(new ProbeView(_time.GetUtcNow(), null, steps, failure.Step.Name(), failure.Message), () => printer.Line($"{When.FormatExactly(_time.GetUtcNow())} failed: {failure.Step.Name()}: {failure.Message}"));
            return failure;
        }
    }

    private static async Task<ProbeSettings> ReadAsync(Options options, CancellationToken cancellationToken)
    {
        string password;
        var authorities = new X509Certificate2Collection();
        try
        {
            password = (await File.ReadAllTextAsync(options.PasswordFile, cancellationToken)).TrimEnd('\r', '\n');
            if (options.Authorities is { } file) authorities.ImportFromPemFile(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException) { throw new UsageFailure($"A file cannot be read: {e.Message}"); }
        return new ProbeSettings(
            Port(options.Submission, 465, options.SubmissionName ?? options.TlsName),
            Port(options.Imap, 993, options.ImapName ?? options.TlsName),
            options.Pop3 is null ? null : Port(options.Pop3, 995, options.Pop3Name ?? options.TlsName),
            options.Account,
            password,
            options.To ?? options.Account,
            options.Timeout,
            authorities);
    }

    private static ProbedPort Port(string text, int port, string? tlsName) => ProbedPort.TryParse(text, port, tlsName) ?? throw new UsageFailure($"'{text}' is no host; write it as mail.example.org or mail.example.org:993.");

    internal sealed class Options : GlobalOptions
    {
        [CommandOption("--account <ADDRESS>")]
        [Description("The account that sends, to itself, and reads.")]
        public string Account { get; init; } = "";

        [CommandOption("--password-file <FILE>")]
        [Description("File with its password.")]
        public string PasswordFile { get; init; } = "";

        [CommandOption("--submission <HOST>")]
        [Description("Where to send: a host, or host:port. 465 speaks TLS from the start, 587 STARTTLS; any other TLS.")]
        public string Submission { get; init; } = "";

        [CommandOption("--imap <HOST>")]
        [Description("Where to read: a host, or host:port (993 where none is said; 143 speaks STARTTLS).")]
        public string Imap { get; init; } = "";

        [CommandOption("--pop3 <HOST>")]
        [Description("Where to read once more, over POP3 (995 where none is said); without it POP3 is left out.")]
        public string? Pop3 { get; init; }

        [CommandOption("--to <ADDRESS>")]
        [Description("An address that leads to the account by another way, such as an alias.")]
        public string? To { get; init; }

        [CommandOption("--tls-name <NAME>")]
        [Description("The name that the certificates must have, where it is not that of the host.")]
        public string? TlsName { get; init; }

        [CommandOption("--submission-name <NAME>")]
        [Description("The same for submission alone.")]
        public string? SubmissionName { get; init; }

        [CommandOption("--imap-name <NAME>")]
        [Description("The same for IMAP alone.")]
        public string? ImapName { get; init; }

        [CommandOption("--pop3-name <NAME>")]
        [Description("The same for POP3 alone.")]
        public string? Pop3Name { get; init; }

        [CommandOption("--authorities <FILE>")]
        [Description("PEM file with authorities that are believed besides those of the system.")]
        public string? Authorities { get; init; }

        [CommandOption("--once")]
        [Description("One round; exit code 1 where it fails.")]
        public bool Once { get; init; }

        [CommandOption("--every <TIME>")]
        [Description("How often a round begins.")]
        [DefaultValue("00:01:00")]
        public TimeSpan Every { get; init; }

        [CommandOption("--timeout <TIME>")]
        [Description("How long a round may take.")]
        [DefaultValue("00:01:00")]
        public TimeSpan Timeout { get; init; }

        [CommandOption("--metrics <PORT>")]
        [Description("Serve /metrics for Prometheus on this port; OTLP goes where OTEL_EXPORTER_OTLP_ENDPOINT says.")]
        public int Metrics { get; init; }

        public override ValidationResult Validate()
            => Account.Contains('@', StringComparison.Ordinal) && PasswordFile.Length > 0 && Submission.Length > 0 && Imap.Length > 0 && Every > TimeSpan.Zero && Timeout > TimeSpan.Zero && Metrics is >= 0 and <= 65535
                ? ValidationResult.Success()
                : ValidationResult.Error("--account, --password-file, --submission and --imap are needed; times are above 0, such as 00:01:00");
    }
}
