using DnsClient;

namespace Merpati.Mail.Dns;

/// <summary>
/// Names as DnsClient hands them out. It shows A-labels as U-labels, but not everywhere: of the owner of a record <c>Original</c> is what was on the wire,
/// of a name within a record it is <c>Value</c>.
/// </summary>
internal static class DnsNames
{
    public static string OfOwner(DnsString name) => Plain(name.Original);

    public static string OfData(DnsString name) => Plain(name.Value);

    private static string Plain(string name) => name.TrimEnd('.').ToLowerInvariant();
}
