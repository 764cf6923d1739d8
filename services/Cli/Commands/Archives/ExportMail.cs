using System.ComponentModel;
using System.Globalization;
using System.Text.Json;
using Merpati.Administration;
using Merpati.Archives;
using Merpati.Cli.Archives;
using Merpati.Cli.Commands.Accounts;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Merpati.Mailboxes;
using Spectre.Console;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Archives;

[Description("Write the mail of an account, or of all, into files: byte for byte, with flags, dates and UIDs. The account can be used meanwhile.")]
internal sealed class ExportMail(ITerminal terminal) : AdminCommand<ExportMail.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        server.WaitForever();
        try
        {
            var ends = options.All ? await AllAsync(server, options, cancellationToken) : [(options.Address, await OneAsync(server, options.Address, options.Target, options.Form, options.Json, cancellationToken))];
            printer.Print(new ExportView([.. ends.Select(end => new ExportedView(end.Address, end.End.Mailboxes, end.End.Messages, end.End.Octets, end.End.Damaged))]), () =>
            {
                foreach (var (address, end) in ends) printer.Line(string.Create(CultureInfo.InvariantCulture, $"{address}: {end.Messages} messages in {end.Mailboxes} mailboxes, {Octets.Format(end.Octets)}."));
                foreach (var (address, damage) in ends.SelectMany(end => end.End.Damaged, (end, damage) => (end.Address, damage))) printer.Line($"{address}: left out: {damage}");
            });
            if (ends.Any(end => end.End.Damaged.Count > 0)) throw new DamageFailure("Some messages could not be read and are not in the export; they are named above.");
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException and not ArchiveDamagedException) { throw new UsageFailure($"{options.Target} cannot be written: {e.Message}"); }
        catch (ArchiveDamagedException damage) { throw new NotReachableFailure($"The server broke off in the middle of its answer; its log says why. ({damage.Message})"); }
    }

    private async ValueTask<List<(string Address, ArchiveEnd End)>> AllAsync(AdminClient server, Options options, CancellationToken cancellationToken)
    {
        var folder = options.Target;
        Directory.CreateDirectory(folder);
        if (File.Exists(Path.Combine(folder, ArchiveOptions.DirectoryFile))) throw new UsageFailure($"{folder} holds an export already; name a new folder.");
        var accounts = await ListAccounts.ReadAsync(server, domain: null, cancellationToken);
        var directory = new DirectoryExport(
            await server.GetAsync("domains", AdministrationJson.Default.IReadOnlyListDomainView, cancellationToken), accounts, await server.GetAsync("aliases", AdministrationJson.Default.IReadOnlyListAliasView, cancellationToken));
        var ends = new List<(string, ArchiveEnd)>();
        foreach (var account in accounts) ends.Add((account.Address, await OneAsync(server, account.Address, Path.Combine(folder, ArchiveNames.Of(account.Address)), MailForm.Archive, options.Json, cancellationToken)));
        // The last: a folder with it is whole.
        await WriteWholeAsync(Path.Combine(folder, ArchiveOptions.DirectoryFile), file => JsonSerializer.SerializeAsync(file, directory, AdministrationJson.Default.DirectoryExport, cancellationToken));
        return ends;
    }

    private async ValueTask<ArchiveEnd> OneAsync(AdminClient server, string address, string target, MailForm form, bool quiet, CancellationToken cancellationToken)
    {
        if (File.Exists(target) || Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any()) throw new UsageFailure($"{target} is there already; name a new one.");
        var progress = new WorkProgress(Terminal, quiet, address);
        var path = $"accounts/{Segment(address)}/archive";
        ArchiveEnd end = null!;
        if (form == MailForm.Archive)
        {
            await WriteWholeAsync(target, file => server.DownloadAsync(path, async body => end = await ReadAsync(body, file, null, progress, cancellationToken), cancellationToken).AsTask());
        }
        else
        {
            await using var mbox = new MboxFiles(target);
            IMailFiles files = form == MailForm.Mbox ? mbox : new MaildirFiles(target);
            await server.DownloadAsync(path, async body => end = await ReadAsync(body, null, files, progress, cancellationToken), cancellationToken);
        }
        progress.End();
        return end;
    }

    /// <summary>Under its name the file is whole: until then it is called <c>.partial</c>, and only the owner may read it.</summary>
    private static async Task WriteWholeAsync(string target, Func<FileStream, Task> write)
    {
        var partial = target + ".partial";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, BufferSize = 256 * 1024, Options = FileOptions.Asynchronous };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using (var file = new FileStream(partial, options))
        {
            await write(file);
            await file.FlushAsync();
            file.Flush(flushToDisk: true);
        }
        File.Move(partial, target);
    }

    /// <summary>Every message is checked as it passes.</summary>
    private static async Task<ArchiveEnd> ReadAsync(Stream body, FileStream? copy, IMailFiles? files, WorkProgress progress, CancellationToken cancellationToken)
    {
        await using var through = new ReadThrough(body, read => progress.Add(0, read), copy);
        await using var reader = new ArchiveReader(through);
        var header = await reader.ReadHeaderAsync(cancellationToken);
        progress.Expected = header.Messages;
        if (files is not null) await files.BeginAsync(header, cancellationToken);
        while (true)
        {
            switch (await reader.NextAsync(cancellationToken))
            {
                case ArchivePart.Mailbox(var mailbox):
                    if (!MailboxName.TryParse(mailbox.Name, out var name)) throw new ArchiveDamagedException("The archive names a mailbox as none can be named.");
                    if (files is not null) await files.BeginMailboxAsync(name, mailbox, cancellationToken);
                    break;
                case ArchivePart.Batch:
                    await foreach (var (message, octets) in reader.MessagesAsync(cancellationToken))
                    {
                        if (files is not null) await files.WriteAsync(message, octets, cancellationToken);
                        progress.Add(1, 0);
                    }
                    break;
                case ArchivePart.End(var end):
                    if (files is not null) await files.EndAsync(cancellationToken);
                    await through.CopyToAsync(Stream.Null, cancellationToken);
                    return end;
            }
        }
    }

    internal sealed class Options : ArchiveOptions
    {
        [CommandOption("--format <FORMAT>")]
        [Description("archive (a tar file with all there is), maildir (as Dovecot keeps it) or mbox (a file for each mailbox).")]
        [DefaultValue(MailForm.Archive)]
        public MailForm Form { get; init; }

        public override ValidationResult Validate() => All && Form != MailForm.Archive ? ValidationResult.Error("--all writes archives") : base.Validate();
    }
}
