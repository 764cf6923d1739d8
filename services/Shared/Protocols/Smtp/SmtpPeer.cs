using System.Net;
using Merpati.Accounts;
using Merpati.Protocols.Wire;

namespace Merpati.Protocols.Smtp;

/// <summary>The client as the session knows it by now.</summary>
/// <param name="Hello">The argument of HELO or EHLO as it was sent, an unproven claim.</param>
/// <param name="Esmtp">It said EHLO.</param>
/// <param name="Account">Who it authenticated as; null before AUTH.</param>
public sealed record SmtpPeer(IPEndPoint RemoteEndPoint, IPEndPoint LocalEndPoint, TlsDetails? Tls, string Hello, bool Esmtp, Account? Account);
