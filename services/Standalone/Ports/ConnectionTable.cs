using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Merpati.Standalone.Configuration;
using Merpati.Standalone.Demo;
using Spectre.Console;

namespace Merpati.Standalone.Ports;

/// <summary>Everything that a person types into a mail client, or a script reads: printed when all ports are open.</summary>
internal sealed record ConnectionTable
{
    public required string Version { get; init; }

    public required string Data { get; init; }

    public required string Hostname { get; init; }

    /// <summary>The host to type into a client on this machine.</summary>
    public required string Host { get; init; }

    public required IReadOnlyList<PortRow> Ports { get; init; }

    /// <summary>The file that clients have to trust, when the certificate is self-signed.</summary>
    public string? Certificate { get; init; }

    public required string Admin { get; init; }

    /// <summary>The merpati command that came with this server.</summary>
    public required string Cli { get; init; }

    public bool AllowPlaintextAuth { get; init; }

    public required IReadOnlyList<DemoAccount> Accounts { get; init; }

    public void PrintJson(TextWriter output)
    {
        output.WriteLine(JsonSerializer.Serialize(this, ConnectionTableJson.Default.ConnectionTable));
        output.Flush();
    }

    public void PrintTable(IAnsiConsole console)
    {
        console.WriteLine();
        console.MarkupLineInterpolated($"[bold]Merpati {Version}[/] is ready.");
        PrintLine($"Data: {Data}");
        if (AllowPlaintextAuth) console.MarkupLine("[bold red]Passwords are taken WITHOUT TLS (--allow-plaintext-auth): for tests on loopback only.[/]");
        var ports = new Table().Border(TableBorder.Rounded).AddColumns("for", "protocol", "host", "port", "security");
        foreach (var row in Ports)
            ports.AddRow(Markup.Escape(row.Use), row.Protocol, Markup.Escape(Host), row.Port.ToString(CultureInfo.InvariantCulture), row.Security switch { PortSecurity.Tls => "TLS", PortSecurity.StartTls => "STARTTLS", _ => "none" });
        console.Write(ports);
        if (Certificate is not null) PrintLine($"The certificate is self-signed; clients have to trust {Certificate}");
        if (Accounts.Count > 0)
        {
            var accounts = new Table().Border(TableBorder.Rounded).AddColumns("user name", "password");
            foreach (var account in Accounts)
                accounts.AddRow(Markup.Escape(account.Address), account.Password is null ? "as shown at the first start; new one: merpati account password" : Markup.Escape(account.Password));
            console.Write(accounts);
        }
        if (Accounts is [{ Password: { } password } ann, var bob, ..])
        {
            var trust = Certificate is null ? "" : $"--cacert {Certificate} ";
            console.WriteLine("Try it:");
            PrintLine($"  printf 'Subject: hello\\r\\n\\r\\nHello!\\r\\n' | curl {trust}--url smtps://localhost:{Port("submissions")} --user '{ann.Address}:{password}' --mail-from {ann.Address} --mail-rcpt {bob.Address} --upload-file -");
            PrintLine($"  curl {trust}--url 'imaps://localhost:{Port("imaps")}/INBOX;UID=1' --user '{bob.Address}:{bob.Password}'");
            PrintLine($"  swaks --server 127.0.0.1:{Port("smtp")} --to {ann.Address}");
            console.WriteLine();
        }
        console.WriteLine("Manage it:");
        PrintLine($"  {Cli} --data {Data} account list");

        // Lines to copy are not wrapped at the width of the terminal.
        void PrintLine(string line) => console.Profile.Out.Writer.WriteLine(line);
        int Port(string protocol) => Ports.First(row => row.Protocol == protocol).Port;
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ConnectionTable))]
internal sealed partial class ConnectionTableJson : JsonSerializerContext;
