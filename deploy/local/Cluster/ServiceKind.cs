namespace Merpati.Local.Cluster;

/// <summary>The services of the cluster, in the order in which they are listed; they may be started in any.</summary>
public enum ServiceKind
{
    UserDirectory,
    Delivery,
    OutboundRelay,
    SmtpIngress,
    ImapGateway,
    Pop3Gateway,
}

public static class ServiceKinds
{
    /// <summary>As in certificates, in process names and in the chart: <c>user-directory</c>.</summary>
    public static string Name(this ServiceKind kind) => kind switch
    {
        ServiceKind.UserDirectory => "user-directory",
        ServiceKind.Delivery => "delivery",
        ServiceKind.OutboundRelay => "outbound-relay",
        ServiceKind.SmtpIngress => "smtp-ingress",
        ServiceKind.ImapGateway => "imap-gateway",
        ServiceKind.Pop3Gateway => "pop3-gateway",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>The program, beside our own.</summary>
    public static string Assembly(this ServiceKind kind) => $"Merpati.{kind}.Host.dll";
}
