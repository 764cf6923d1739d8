namespace Merpati.Rpc.Calls;

/// <summary>Where a service is: a name of DNS whose addresses are asked for again and again, or a fixed list. Calls go round all that are up.</summary>
internal sealed record PeerAddress((string Host, int Port)? Dns, IReadOnlyList<(string Host, int Port)> Fixed)
{
    public static bool TryParse(string? text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PeerAddress? address)
    {
        address = null;
        if (string.IsNullOrWhiteSpace(text)) return false;
        if (text.StartsWith("dns:///", StringComparison.OrdinalIgnoreCase))
        {
            if (!TryParseEndPoint(text["dns:///".Length..], out var name)) return false;
            address = new PeerAddress(name, []);
            return true;
        }
        var hosts = new List<(string, int)>();
        foreach (var item in text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!TryParseEndPoint(item, out var host)) return false;
            hosts.Add(host);
        }
        if (hosts.Count == 0) return false;
        address = new PeerAddress(null, hosts);
        return true;
    }

    private static bool TryParseEndPoint(string text, out (string Host, int Port) endPoint)
    {
        endPoint = default;
        if (!Uri.TryCreate("tcp://" + text, UriKind.Absolute, out var uri) || uri.PathAndQuery.Length > 1 || uri.UserInfo.Length > 0 || uri.Host.Length == 0) return false;
        endPoint = (uri.DnsSafeHost, uri.Port > 0 ? uri.Port : RpcOptions.DefaultPort);
        return true;
    }
}
