using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Merpati.Administration;
using Merpati.Archives;
using Merpati.Cli.Archives;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Merpati.Mailboxes;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Archives;

[Description("Bring mail from files into an account, or all accounts of an export: with flags, dates and UIDs. What is there already is not doubled, so that it can be run again.")]
internal sealed class ImportMail(ITerminal terminal, TimeProvider? time = null) : AdminCommand<ImportMail.Options>(terminal)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;

    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        server.WaitForever();
        var reports = new List<ImportedView>();
        if (!options.All)
        {
            reports.Add(View(options.Address, await OneAsync(server, options.Address, options.Target, options, cancellationToken)));
        }
        else
        {
            var directory = await ReadDirectoryAsync(options.Target, cancellationToken);
            await AddAsync(server, directory, cancellationToken);
            foreach (var account in directory.Accounts) reports.Add(View(account.Address, await OneAsync(server, account.Address, Path.Combine(options.Target, ArchiveNames.Of(account.Address)), options, cancellationToken)));
        }
        printer.Print(new ImportView(reports), () =>
        {
            foreach (var report in reports)
            {
                printer.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Address}: {report.Messages} messages in {report.Mailboxes} mailboxes, {Octets.Format(report.Octets)}; {report.Known} were there already."));
                if (report.Renumbered > 0) printer.Line(string.Create(CultureInfo.InvariantCulture, $"{report.Address}: {report.Renumbered} messages have other UIDs than before, as theirs were not free any more."));
                foreach (var left in report.NotTaken) printer.Line($"{report.Address}: not taken over: {left}");
            }
            if (options.All) printer.Line("Accounts that are new here have no password: set them with merpati account password.");
        });
    }

    private async ValueTask<ImportReport> OneAsync(AdminClient server, string address, string source, Options options, CancellationToken cancellationToken)
    {
        var form = options.Form ?? Guess(source);
        var progress = new WorkProgress(Terminal, options.Json, address);
        var path = $"accounts/{Segment(address)}/archive{(options.NewUids ? "?newUids=true" : "")}";
        var report = await server.UploadAsync(path, ArchiveFormat.MediaType, (body, token) => WriteAsync(body, form, address, source, options, progress, token), ArchiveJson.Default.ImportReport, cancellationToken);
        progress.End();
        return report;
    }

    private async Task WriteAsync(Stream body, MailForm form, string address, string source, Options options, WorkProgress progress, CancellationToken cancellationToken)
    {
        if (form == MailForm.Archive)
        {
            await using var file = File.OpenRead(source);
            await using var through = new ReadThrough(file, read => progress.Add(0, read));
            await through.CopyToAsync(body, cancellationToken);
            return;
        }
        MailboxName? into = options.Into is null ? null : MailboxName.TryParse(options.Into, out var name) ? name : throw new UsageFailure($"'{options.Into}' is no name of a mailbox.");
        var mail = form == MailForm.Maildir ? Maildir.ReadAsync(source, cancellationToken) : Mbox.ReadAsync(source, into, cancellationToken);
        await mail.WriteArchiveAsync(address, body, _time, size => progress.Add(1, size), cancellationToken);
    }

    private static MailForm Guess(string source)
    {
        if (Directory.Exists(source)) return Directory.EnumerateFiles(source, "*.mbox", SearchOption.AllDirectories).Any() ? MailForm.Mbox : MailForm.Maildir;
        if (!File.Exists(source)) throw new UsageFailure($"{source} is not there.");
        using var file = File.OpenRead(source);
        Span<byte> head = stackalloc byte[5];
        return file.ReadAtLeast(head, head.Length, throwOnEndOfStream: false) == head.Length && head.SequenceEqual("From "u8) ? MailForm.Mbox : MailForm.Archive;
    }

    private static async ValueTask<DirectoryExport> ReadDirectoryAsync(string folder, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, ArchiveOptions.DirectoryFile);
        try
        {
            await using var file = File.OpenRead(path);
            return await JsonSerializer.DeserializeAsync(file, AdministrationJson.Default.DirectoryExport, cancellationToken) ?? throw new DamageFailure($"{path} is empty.");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException) { throw new UsageFailure($"{path} is not there: {folder} is no export of all accounts, or not a whole one."); }
        catch (JsonException) { throw new DamageFailure($"{path} cannot be read."); }
    }

    /// <summary>Domains before accounts before aliases; catch-alls last, as they may lead to an alias.</summary>
    private static async ValueTask AddAsync(AdminClient server, DirectoryExport directory, CancellationToken cancellationToken)
    {
        foreach (var domain in directory.Domains) await IfMissingAsync(() => server.SendAsync(HttpMethod.Post, "domains", new NewDomain(domain.Name), AdministrationJson.Default.NewDomain, AdministrationJson.Default.DomainView, cancellationToken));
        foreach (var account in directory.Accounts)
        {
            var made = await IfMissingAsync(() => server.SendAsync(
                HttpMethod.Post, "accounts", new NewAccount(account.Address, null, account.Name, account.QuotaOctets, account.QuotaMessages, account.Shared ? true : null), AdministrationJson.Default.NewAccount, AdministrationJson.Default.AccountView, cancellationToken));
            if (made && !account.Enabled) await server.SendAsync(HttpMethod.Patch, $"accounts/{Segment(account.Address)}", new AccountChange(Enabled: false), AdministrationJson.Default.AccountChange, AdministrationJson.Default.AccountView, cancellationToken);
        }
        foreach (var alias in directory.Aliases) await IfMissingAsync(() => server.SendAsync(HttpMethod.Post, "aliases", alias, AdministrationJson.Default.AliasView, AdministrationJson.Default.AliasView, cancellationToken));
        foreach (var domain in directory.Domains.Where(domain => domain.CatchAll is not null))
            await server.SendAsync(HttpMethod.Put, $"domains/{Segment(domain.Name)}/catch-all", new CatchAllChange(domain.CatchAll), AdministrationJson.Default.CatchAllChange, AdministrationJson.Default.DomainView, cancellationToken);
    }

    private static async ValueTask<bool> IfMissingAsync<T>(Func<ValueTask<T>> add)
    {
        try
        {
            await add();
            return true;
        }
        catch (RefusedFailure refusal) when (refusal.Code == "already_exists") { return false; }
    }

    private static ImportedView View(string address, ImportReport report) => new(address, report.Mailboxes, report.Messages, report.Octets, report.Known, report.Renumbered, report.NotTaken);

    internal sealed class Options : ArchiveOptions
    {
        [CommandOption("--format <FORMAT>")]
        [Description("archive, maildir or mbox; without it, it is looked at.")]
        public MailForm? Form { get; init; }

        [CommandOption("--into <MAILBOX>")]
        [Description("The mailbox for a single mbox file; without it that of the file's name.")]
        public string? Into { get; init; }

        [CommandOption("--new-uids")]
        [Description("Give every message a new UID: for mailboxes that went on after the archive was made, and whose clients must read them afresh.")]
        public bool NewUids { get; init; }
    }
}
