using System.Net;
using System.Text;
using Merpati.Mail.Auth;
using Merpati.Mail.Dns;

namespace Merpati.Fuzz;

/// <summary>
/// What domains publish about who may send for them, as an SPF, a DKIM and a DMARC record at once: each is read or refused, an evaluation ends with a result within its limits,
/// and what is put into a header field stays on its lines.
/// </summary>
internal static class SenderRecords
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        DkimKeyRecord.Parse(text, Signing.DkimAlgorithm.RsaSha256, out _);
        if (DmarcRecord.Parse(text) is { Percent: < 0 or > 100 }) throw new InvalidOperationException("A share is no share.");
        if (TagList.TryParse(text, out var tags) && tags.First is { } first && !tags.Has(first)) throw new InvalidOperationException("The first tag is not there.");

        var dns = new SameForAll("v=spf1 " + text);
        SpfResult? result = null;
        var checking = CheckAsync();
        if (!checking.IsCompletedSuccessfully || result is null) throw new InvalidOperationException("An evaluation failed, or waits though every answer is there.");
        if (dns.Questions > 200) throw new InvalidOperationException($"{dns.Questions} questions for one record.");
        var verdict = new MessageVerdict(IPAddress.Parse("192.0.2.1"), "a@example.org", text, new IprevResult(AuthResult.Pass, text, null), result, result, [], new DmarcResult(AuthResult.Fail, text, DmarcPolicy.None, 100, null, [], text), new ArcResult(AuthResult.Fail, text, 1, []));
        foreach (var line in (AuthenticationResults.Write("mx.example", verdict) + AuthenticationResults.WriteReceivedSpf("mx.example", verdict)).Split("\r\n", StringSplitOptions.RemoveEmptyEntries))
        {
            if (line.TrimStart('\t').Any(char.IsControl)) throw new InvalidOperationException("A control character is in a header field.");
            if (line[0] != '\t' && !line.StartsWith("Authentication-Results: mx.example;", StringComparison.Ordinal) && !line.StartsWith("Received-SPF: ", StringComparison.Ordinal)) throw new InvalidOperationException($"A stranger began a line: {line}");
        }

        async Task CheckAsync() => result = await new SpfVerifier(dns, "mx.example", TimeProvider.System).CheckMailFromAsync(IPAddress.Parse("192.0.2.1"), "a@example.org", "client.example", CancellationToken.None);
    }

    /// <summary>Every name has this text, this address and itself for a mail exchanger.</summary>
    private sealed class SameForAll(string text) : IMailDns
    {
        public int Questions { get; private set; }

        public ValueTask<DnsAnswer<MailExchange>> MailExchangersAsync(string name, CancellationToken cancellationToken) => Answer(name, new MailExchange(1, name));

        public ValueTask<DnsAnswer<IPAddress>> AddressesAsync(string name, System.Net.Sockets.AddressFamily family, CancellationToken cancellationToken) => Answer(name, IPAddress.Parse("203.0.113.1"));

        public ValueTask<DnsAnswer<string>> TextsAsync(string name, CancellationToken cancellationToken) => Answer(name, text);

        public ValueTask<DnsAnswer<Relaying.TlsaRecord>> TlsaAsync(string name, CancellationToken cancellationToken) => throw new InvalidOperationException("Nobody asks for that.");

        public ValueTask<DnsAnswer<ServiceTarget>> ServicesAsync(string name, CancellationToken cancellationToken) => throw new InvalidOperationException("Nobody asks for that.");

        public ValueTask<DnsAnswer<string>> PointersAsync(IPAddress address, CancellationToken cancellationToken) => Answer("client", "client.example");

        private ValueTask<DnsAnswer<T>> Answer<T>(string name, T record)
        {
            Questions++;
            return new(new DnsAnswer<T>.Found(name, [record], Secure: false, DateTimeOffset.MaxValue));
        }
    }
}
