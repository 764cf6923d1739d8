using System.Reflection;
using System.Text.Json;
using Merpati.Cli.Commands;
using Merpati.Cli.Commands.Accounts;
using Merpati.Cli.Commands.Aliases;
using Merpati.Cli.Commands.Archives;
using Merpati.Cli.Commands.Checks;
using Merpati.Cli.Commands.Classifier;
using Merpati.Cli.Commands.Databases;
using Merpati.Cli.Commands.Dkim;
using Merpati.Cli.Commands.Domains;
using Merpati.Cli.Commands.Policies;
using Merpati.Cli.Commands.Probing;
using Merpati.Cli.Commands.Quarantine;
using Merpati.Cli.Commands.Queue;
using Merpati.Cli.Commands.Reports;
using Merpati.Cli.Commands.Sharing;
using Merpati.Cli.Commands.Stores;
using Merpati.Cli.Commands.Suppressions;
using Merpati.Cli.Terminal;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli;

/// <summary>The <c>merpati</c> command: the table of its commands, and the one place where a failure becomes a line and an exit code.</summary>
public static class MerpatiCommand
{
    public static string Version { get; } = typeof(MerpatiCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <returns>One of <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, ITerminal terminal, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(terminal);
        var app = new CommandApp();
        app.Configure(configuration => Configure(configuration, terminal));
        var json = arguments.Contains("--json");
        try
        {
            return await app.RunAsync(GlobalOptions.MoveBehindCommand(arguments), cancellationToken);
        }
        catch (CommandFailure failure)
        {
            return Fail(terminal, json, failure.Code, failure.Message, failure.ExitCode);
        }
        catch (CommandAppException e)
        {
            return Fail(terminal, json, "usage", $"{e.Message.TrimEnd('.')}. See: merpati --help", ExitCode.Usage);
        }
    }

    private static void Configure(IConfigurator configuration, ITerminal terminal)
    {
        configuration.SetApplicationName("merpati");
        configuration.SetApplicationVersion(Version);
        configuration.UseStrictParsing();
        configuration.PropagateExceptions();
        configuration.Settings.Console = terminal.Console;
        configuration.Settings.Registrar.RegisterInstance(terminal);

        configuration.AddBranch("domain", domain =>
        {
            domain.SetDescription("The domains that are served.");
            domain.AddCommand<AddDomain>("add");
            domain.AddCommand<ListDomains>("list");
            domain.AddCommand<RemoveDomain>("remove");
            domain.AddCommand<ChangeCatchAll>("catch-all").WithAlias("change");
        });
        configuration.AddBranch("account", account =>
        {
            account.SetDescription("The accounts and their passwords.");
            account.AddCommand<AddAccount>("add");
            account.AddCommand<ListAccounts>("list");
            account.AddCommand<ShowAccount>("show");
            account.AddCommand<ChangeAccount>("change");
            account.AddCommand<RemoveAccount>("remove");
            account.AddCommand<SetPassword>("password");
        });
        configuration.AddBranch("shared", shared =>
        {
            shared.SetDescription("Mailboxes that several people use, and who may.");
            shared.AddCommand<AddShared>("add");
            shared.AddCommand<ListShared>("list");
            shared.AddCommand<ShowGrants>("show");
            shared.AddCommand<Grant>("grant");
            shared.AddCommand<Revoke>("revoke");
            shared.AddCommand<RemoveAccount>("remove");
        });
        configuration.AddBranch("alias", alias =>
        {
            alias.SetDescription("Addresses that stand for others.");
            alias.AddCommand<AddAlias>("add");
            alias.AddCommand<ListAliases>("list");
            alias.AddCommand<ChangeAlias>("change");
            alias.AddCommand<RemoveAlias>("remove");
        });
        configuration.AddBranch("dkim", dkim =>
        {
            dkim.SetDescription("The keys with which the domains sign their mail.");
            dkim.AddCommand<AddDkimKey>("add");
            dkim.AddCommand<ListDkimKeys>("list");
            dkim.AddCommand<ShowDkimKeys>("show");
            dkim.AddCommand<RotateDkimKeys>("rotate");
            dkim.AddCommand<RetireDkimKey>("retire");
            dkim.AddCommand<RemoveDkimKey>("remove");
        });
        configuration.AddBranch("dmarc", dmarc =>
        {
            dmarc.SetDescription("How mail of our domains fares elsewhere.");
            dmarc.AddCommand<ListDmarcReports>("reports");
        });
        configuration.AddBranch("tls", tls =>
        {
            tls.SetDescription("How others fare with TLS at our hosts.");
            tls.AddCommand<ListTlsReports>("reports");
        });
        configuration.AddCommand<ShowDns>("dns");
        configuration.AddBranch("quarantine", quarantine =>
        {
            quarantine.SetDescription("What the policy put aside until a person decides.");
            quarantine.AddCommand<ListQuarantine>("list");
            quarantine.AddCommand<PreviewMessage>("preview");
            quarantine.AddCommand<ReleaseQuarantined>("release");
            quarantine.AddCommand<DiscardQuarantined>("discard").WithAlias("delete");
        });
        configuration.AddBranch("queue", queue =>
        {
            queue.SetDescription("The mail that was accepted and is not delivered yet.");
            queue.AddCommand<ListQueue>("list");
            queue.AddCommand<ShowQueueEntry>("show");
            queue.AddCommand<HoldEntries>("hold");
            queue.AddCommand<ReleaseEntries>("release");
            queue.AddCommand<RetryEntries>("retry");
            queue.AddCommand<BounceEntries>("bounce");
            queue.AddCommand<DiscardEntries>("discard").WithAlias("delete");
            queue.AddCommand<ShowQueueStatus>("status");
        });
        configuration.AddBranch("suppression", suppression =>
        {
            suppression.SetDescription("The addresses and domains that are sent no mail.");
            suppression.AddCommand<AddSuppression>("add");
            suppression.AddCommand<ListSuppressions>("list");
            suppression.AddCommand<RemoveSuppression>("remove");
        });
        configuration.AddBranch("classifier", classifier =>
        {
            classifier.SetDescription("What is learned from the mail that people move to and from junk.");
            classifier.AddCommand<ShowClassifier>("status");
            classifier.AddCommand<TrainClassifier>("train");
            classifier.AddCommand<ResetClassifier>("reset");
        });
        configuration.AddBranch("policy", policy =>
        {
            policy.SetDescription("The rules that judge what comes in.");
            policy.AddCommand<ShowPolicy>("show");
            policy.AddCommand<TestPolicy>("test");
            policy.AddCommand<DiffPolicy>("diff");
        });
        configuration.AddCommand<Trace>("trace");
        configuration.AddCommand<Explain>("explain");
        configuration.AddCommand<Backup>("backup");
        configuration.AddCommand<ExportMail>("export");
        configuration.AddCommand<ImportMail>("import");
        configuration.AddBranch("index", index =>
        {
            index.SetDescription("The search index.");
            index.AddCommand<RebuildIndex>("rebuild");
        });
        configuration.AddBranch("check", check =>
        {
            check.SetDescription("Check the stores of the running server, or, without a server, who sent a message.");
            check.SetDefaultCommand<Check>();
            check.AddCommand<Check>("stores");
            check.AddCommand<CheckSpf>("spf");
            check.AddCommand<CheckDkim>("dkim");
            check.AddCommand<CheckDmarc>("dmarc");
            check.AddCommand<CheckArc>("arc");
        });
        configuration.AddCommand<Migrate>("migrate");
        configuration.AddCommand<Fsck>("fsck");
        configuration.AddCommand<Probe>("probe");
        configuration.AddCommand<ShowVersion>("version");
    }

    private static int Fail(ITerminal terminal, bool json, string code, string message, int exitCode)
    {
        var line = message.ReplaceLineEndings(" ");
        terminal.Error.WriteLine(json ? JsonSerializer.Serialize(new Failure(code, line), FailureJson.Default.Failure) : $"merpati: {line}");
        return exitCode;
    }
}
