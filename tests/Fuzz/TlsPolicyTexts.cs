using System.Globalization;
using System.Text;
using Merpati.Mail.Dns;

namespace Merpati.Fuzz;

/// <summary>
/// What domains publish about TLS, both as a policy file and as TXT records. A policy that is understood, written anew, is the same policy, and names what it names;
/// what is taken out of a record is of the form that it must have.
/// </summary>
internal static class TlsPolicyTexts
{
    public static void Run(ReadOnlySpan<byte> input)
    {
        var text = Encoding.UTF8.GetString(input);
        if (MtaStsPolicy.Parse(text, out _) is { } policy) Check(policy);
        if (MtaStsRecord.Find([text]) is { } record && (record.Id.Length is 0 or > 32 || !record.Id.All(char.IsAsciiLetterOrDigit))) throw new InvalidOperationException($"'{record.Id}' is no id.");
        if (TlsReportingRecord.Find([text]) is { } reporting && reporting.Mailto.Any(address => address.Any(char.IsControl))) throw new InvalidOperationException("A control character is in an address.");
    }

    private static void Check(MtaStsPolicy policy)
    {
        var written = new StringBuilder("version: STSv1\n");
        written.Append(CultureInfo.InvariantCulture, $"mode: {policy.Mode.ToString().ToLowerInvariant()}\nmax_age: {policy.MaxAge.TotalSeconds}\n");
        foreach (var mx in policy.Mx) written.Append(CultureInfo.InvariantCulture, $"mx: {mx}\n");
        var again = MtaStsPolicy.Parse(written.ToString(), out var reason) ?? throw new InvalidOperationException(reason);
        if (again.Mode != policy.Mode || again.MaxAge != policy.MaxAge || !again.Mx.SequenceEqual(policy.Mx)) throw new InvalidOperationException("It is another policy.");
        foreach (var mx in policy.Mx)
        {
            var host = mx.StartsWith("*.", StringComparison.Ordinal) ? "a" + mx[1..] : mx;
            if (host.Length <= 253 && !policy.Matches(host)) throw new InvalidOperationException($"{mx} does not match {host}.");
        }
    }
}
