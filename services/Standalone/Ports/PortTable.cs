using System.Net;

namespace Merpati.Standalone.Ports;

/// <summary>How a client gets TLS on a port.</summary>
public enum PortSecurity
{
    None = 0,
    StartTls,
    Tls,
}

/// <summary>A port as a person types it into a mail client.</summary>
public sealed record PortRow(string Name, string Use, IPEndPoint EndPoint, PortSecurity Security);

/// <summary>Standard ports (RFC 6409, RFC 8314) plus the offset.</summary>
public static class PortTable
{
    public const int Smtp = 25;
    public const int Submission = 587;
    public const int Submissions = 465;
    public const int Imap = 143;
    public const int Imaps = 993;
    public const int Pop3 = 110;
    public const int Pop3s = 995;
    public const int Http = 80;
}
