namespace Merpati.Rpc;

/// <summary>
/// The services as their certificates name them: a DNS name among the subject alternative names, exactly one of these. They say who may call whom
/// (<see cref="RpcAccess"/>) and where a call arrived; where a service listens is another matter.
/// </summary>
public static class ServiceNames
{
    public const string SmtpIngress = "smtp-ingress";

    public const string OutboundRelay = "outbound-relay";

    public const string Delivery = "delivery";

    public const string ImapGateway = "imap-gateway";

    public const string Pop3Gateway = "pop3-gateway";

    public const string UserDirectory = "user-directory";
}
