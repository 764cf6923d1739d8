namespace Merpati.Local.Cluster;

/// <summary>Where an instance listens on 127.0.0.1; a port that its service has not is 0.</summary>
public sealed record ServicePorts
{
    /// <summary>How many an instance may have.</summary>
    public const int Most = 5;

    public required int Http { get; init; }

    public int Rpc { get; init; }

    /// <summary>The mail ports by their names in the section <c>ports</c>: <c>smtp</c>, <c>submission</c>, <c>imaps</c>…</summary>
    public IReadOnlyDictionary<string, int> Mail { get; init; } = new Dictionary<string, int>(StringComparer.Ordinal);

    /// <summary>Ports from the first on, as many as the service needs.</summary>
    public static ServicePorts From(ServiceKind kind, int first) => kind switch
    {
        ServiceKind.UserDirectory or ServiceKind.Delivery => new ServicePorts { Http = first, Rpc = first + 1 },
        ServiceKind.SmtpIngress => new ServicePorts { Http = first, Mail = Named(first, "smtp", "submission", "submissions") },
        ServiceKind.ImapGateway => new ServicePorts { Http = first, Mail = Named(first, "imap", "imaps") },
        ServiceKind.Pop3Gateway => new ServicePorts { Http = first, Mail = Named(first, "pop3", "pop3s") },
        _ => new ServicePorts { Http = first },
    };

    private static Dictionary<string, int> Named(int first, params string[] names) => names.Select((name, i) => (name, Port: first + 2 + i)).ToDictionary(port => port.name, port => port.Port, StringComparer.Ordinal);
}
