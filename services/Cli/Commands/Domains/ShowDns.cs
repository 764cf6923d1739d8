using System.ComponentModel;
using System.Globalization;
using System.Net.Sockets;
using Merpati.Administration;
using Merpati.Cli.Commands.Checks;
using Merpati.Cli.Server;
using Merpati.Cli.Terminal;
using Merpati.Mail.Dns;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console.Cli;

namespace Merpati.Cli.Commands.Domains;

[Description("Print the DNS records of a domain to copy into its zone, or look whether they are there.")]
internal sealed class ShowDns(ITerminal terminal) : AdminCommand<ShowDns.Options>(terminal)
{
    protected override async Task RunAsync(AdminClient server, Options options, Printer printer, CancellationToken cancellationToken)
    {
        var records = await server.GetAsync($"domains/{Segment(options.Domain)}/dns", AdministrationJson.Default.IReadOnlyListDnsRecordView, cancellationToken);
        if (!options.Check)
        {
            printer.Print(records, () =>
            {
                foreach (var record in records)
                {
                    printer.Line($"; {record.Purpose}");
                    printer.Line(record.ZoneLine());
                }
            });
            return;
        }
        IReadOnlyList<DnsCheckView> checks;
        if (options.Dns is { } file)
        {
            checks = await CheckAsync(await ZoneFiles.ReadAsync(file, cancellationToken), records, cancellationToken);
        }
        else
        {
            using var dns = new MailDns(new DnsOptions(), TimeProvider.System, NullLogger<MailDns>.Instance);
            checks = await CheckAsync(dns, records, cancellationToken);
        }
        printer.Print(checks, () => printer.Table(["NAME", "TYPE", "STATE", "SHOULD BE", "IS"], [.. checks.Select(check => (string[])[check.Name, check.Type, check.State, Short(check.Value), Short(string.Join(" | ", check.Found))])]));
        if (checks.Any(check => check.State != "there")) throw new NotFoundFailure($"Not all records of {options.Domain} are in DNS as they should be: see above.");
    }

    private static async Task<IReadOnlyList<DnsCheckView>> CheckAsync(IMailDns dns, IReadOnlyList<DnsRecordView> records, CancellationToken cancellationToken)
        => await Task.WhenAll(records.Select(record => CheckAsync(dns, record, cancellationToken)));

    private static async Task<DnsCheckView> CheckAsync(IMailDns dns, DnsRecordView record, CancellationToken cancellationToken)
    {
        var wanted = record.Value.Split(' ');
        return record.Type switch
        {
            // Any preference will do.
            "MX" => View(await dns.MailExchangersAsync(record.Name, cancellationToken), mx => $"{mx.Preference} {mx.Host}.", text => Same(text.Split(' ')[1], wanted[1])),
            "SRV" => View(await dns.ServicesAsync(record.Name, cancellationToken), service => string.Create(CultureInfo.InvariantCulture, $"{service.Priority} {service.Weight} {service.Port} {service.Host}."), text => text.Split(' ') is [_, _, var port, var host] && port == wanted[2] && Same(host, wanted[3])),
            // An alias or an address of its own: what counts is that it leads somewhere.
            "CNAME" => View(await AddressesAsync(dns, record.Name, cancellationToken), address => address.ToString(), _ => true),
            _ => View(await dns.TextsAsync(record.Name, cancellationToken), text => text, text => IsText(record.Value, text), text => Tag(text) == Tag(record.Value)),
        };

        DnsCheckView View<T>(DnsAnswer<T> answer, Func<T, string> show, Func<string, bool> fits, Func<string, bool>? concerns = null)
        {
            if (answer is DnsAnswer<T>.Temporary temporary) return new DnsCheckView(record.Name, record.Type, record.Value, "unknown", [temporary.Reason]);
            IReadOnlyList<string> found = answer is DnsAnswer<T>.Found { Records: var values } ? [.. values.Select(show).Where(concerns ?? (_ => true))] : [];
            return new DnsCheckView(record.Name, record.Type, record.Value, found.Count == 0 ? "missing" : found.Any(fits) ? "there" : "other", found);
        }
    }

    private static async Task<DnsAnswer<System.Net.IPAddress>> AddressesAsync(IMailDns dns, string name, CancellationToken cancellationToken)
        => await dns.AddressesAsync(name, AddressFamily.InterNetwork, cancellationToken) is DnsAnswer<System.Net.IPAddress>.Found found ? found : await dns.AddressesAsync(name, AddressFamily.InterNetworkV6, cancellationToken);

    /// <summary>The owner decides what SPF, DMARC and reports say; keys and ids have to be ours.</summary>
    private static bool IsText(string wanted, string found)
        => Tag(wanted) is not ("v=spf1" or "v=DMARC1" or "v=TLSRPTv1") ? Plain(wanted) == Plain(found) : Tag(wanted) == Tag(found);

    /// <summary>Which kind of record it is.</summary>
    private static string Tag(string text) => text.Split(' ', ';')[0];

    private static string Plain(string text) => text.Replace(" ", "", StringComparison.Ordinal).TrimEnd(';');

    private static bool Same(string left, string right) => left.TrimEnd('.').Equals(right.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);

    private static string Short(string text) => text.Length <= 60 ? text : text[..57] + "...";

    internal sealed class Options : GlobalOptions
    {
        [CommandArgument(0, "<DOMAIN>")]
        [Description("A domain that is served.")]
        public required string Domain { get; init; }

        [CommandOption("--check")]
        [Description("Ask DNS whether they are there; exit code 1 where one is not.")]
        public bool Check { get; init; }

        [CommandOption("--dns <FILE>")]
        [Description("A zone file that stands for all of DNS; without it the resolvers of this machine are asked.")]
        public string? Dns { get; init; }
    }
}
