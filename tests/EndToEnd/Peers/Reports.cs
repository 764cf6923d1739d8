using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using MimeKit;

namespace Merpati.Tests.EndToEnd.Peers;

/// <summary>What a delivery status notification says, read by MimeKit, and held against the grammar of RFC 3464.</summary>
internal static partial class Reports
{
    private static readonly string[] OfMessage = ["Original-Envelope-Id", "Reporting-MTA", "DSN-Gateway", "Received-From-MTA", "Arrival-Date"];
    private static readonly string[] OfRecipient = ["Original-Recipient", "Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code", "Last-Attempt-Date", "Final-Log-Id", "Will-Retry-Until"];

    /// <summary>The fields of one recipient.</summary>
    public static IReadOnlyDictionary<string, string> Of(MimeMessage report, string recipient)
        => StatusOf(report).StatusGroups.Skip(1).Select(group => group.ToDictionary(field => field.Field, field => field.Value)).Single(fields => fields["Final-Recipient"].EndsWith("; " + recipient, StringComparison.Ordinal));

    public static MessageDeliveryStatus StatusOf(MimeMessage report)
    {
        var multipart = Assert.IsType<MultipartReport>(report.Body);
        Assert.Equal("delivery-status", multipart.ReportType);
        Assert.Equal(3, multipart.Count);
        Assert.IsType<TextPart>(multipart[0]);
        return Assert.IsType<MessageDeliveryStatus>(multipart[1]);
    }

    /// <summary>RFC 3464 §2.1 to §2.3: groups of fields, each field once, those that must be there, and what each looks like.</summary>
    public static void HoldsTheGrammar(string status)
    {
        Assert.All(status.Split("\r\n"), line => Assert.True(line.Length <= 998 && line.All(c => c is >= ' ' and <= '~'), line));
        var groups = status.TrimEnd('\r', '\n').Split("\r\n\r\n").Select(group => Fields(group)).ToList();
        Assert.True(groups.Count >= 2, status);
        Assert.All(groups[0].Keys, name => Assert.Contains(name, OfMessage));
        Assert.Matches("^dns; *[A-Za-z0-9.-]+$", groups[0]["Reporting-MTA"]);
        if (groups[0].TryGetValue("Arrival-Date", out var arrival)) IsDate(arrival);
        foreach (var group in groups.Skip(1))
        {
            Assert.All(group.Keys, name => Assert.Contains(name, OfRecipient));
            Assert.Matches("^(rfc822|utf-8); *[^ ]+@[^ ]+$", group["Final-Recipient"]);
            Assert.Matches("^(failed|delayed|delivered|relayed|expanded)$", group["Action"]);
            Assert.Matches("^[245]\\.[0-9]{1,3}\\.[0-9]{1,3}$", group["Status"]);
            Assert.Equal(group["Action"] switch { "failed" => '5', "delayed" => '4', _ => '2' }, group["Status"][0]);
            if (group.TryGetValue("Original-Recipient", out var original)) Assert.Matches("^[A-Za-z0-9-]+; *.+$", original);
            if (group.TryGetValue("Remote-MTA", out var remote)) Assert.Matches("^dns; *[A-Za-z0-9.-]+$", remote);
            if (group.TryGetValue("Diagnostic-Code", out var diagnostic)) Assert.Matches("^(smtp; *[245][0-9][0-9]([ -].*)?|x-[a-z]+; *.+)$", diagnostic);
            if (group.TryGetValue("Will-Retry-Until", out var until))
            {
                Assert.Equal("delayed", group["Action"]);
                IsDate(until);
            }
        }
    }

    /// <summary>The octets of a part, without its header.</summary>
    public static string TextOf(MimeEntity part)
    {
        using var octets = new MemoryStream();
        part.WriteTo(octets, contentOnly: true);
        return Encoding.UTF8.GetString(octets.ToArray()).ReplaceLineEndings("\r\n");
    }

    private static Dictionary<string, string> Fields(string group)
    {
        var fields = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in Folding().Replace(group, " ").Split("\r\n"))
        {
            var match = Field().Match(line);
            Assert.True(match.Success, line);
            Assert.True(fields.TryAdd(match.Groups["name"].Value, match.Groups["value"].Value), $"{line} stands twice");
        }
        return fields;
    }

    private static void IsDate(string text) => Assert.True(MimeKit.Utils.DateUtils.TryParse(text, out var at) && at.Year > 2000 && DateForm().IsMatch(text), string.Create(CultureInfo.InvariantCulture, $"{text} is no date of RFC 5322"));

    [GeneratedRegex("\r\n[ \t]+", RegexOptions.None, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Folding();

    [GeneratedRegex("^(?<name>[!-9;-~]+): *(?<value>.*)$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex Field();

    [GeneratedRegex("^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{1,2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}(:[0-9]{2})? [+-][0-9]{4}$", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 60_000)]
    private static partial Regex DateForm();
}
