using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Merpati.Protocols.Smtp.Client;
using Merpati.Relaying;
using Microsoft.Extensions.Logging;

namespace Merpati.OutboundRelay.Sending;

/// <summary>
/// Connects to a mail host: TCP, TLS as the policy wants it, and the opening of the session. Where TLS is wanted and not insisted on, and the handshake fails,
/// it connects anew in the clear (RFC 7435 §3).
/// </summary>
/// <param name="client">Our name and our patience; LMTP and implicit TLS are the target's to say.</param>
/// <param name="authorities">What certificates are checked against; null for the system's trust store.</param>
public sealed class SmtpDialer(SendingOptions options, SmtpClientOptions client, TimeProvider time, ILogger<SmtpDialer> logger, X509Certificate2Collection? authorities = null)
{
    public async ValueTask<DialOutcome> DialAsync(DialTarget target, CancellationToken cancellationToken)
    {
        TlsFault? fault = null;
        for (var policy = target.Tls; ; policy = new TlsPolicy.None())
        {
            var (socket, reason) = await ConnectAsync(target, cancellationToken);
            if (socket is null) return new DialOutcome.Unreachable(reason);
            var connection = new SmtpClientConnection(new SocketClientTransport(socket, target.HostName, authorities), client with { Lmtp = target.Lmtp, ImplicitTls = target.ImplicitTls }, time, logger);
            OpenOutcome outcome;
            try { outcome = await connection.OpenAsync(policy, fault is null ? target.TestedTls : null, target.Credential, cancellationToken); }
            catch
            {
                await connection.DisposeAsync();
                throw;
            }
            switch (outcome)
            {
                case OpenOutcome.Ready ready:
                    return new DialOutcome.Connected(connection, ready, fault ?? ready.ClearBecause);
                case OpenOutcome.TlsFailed { TryInClear: true } failed when fault is null:
                    fault = failed.Fault;
                    logger.TlsNotHad(target.HostName, target.EndPoint, fault.Detail);
                    break;
                default:
                    return new DialOutcome.NotOpened(outcome, fault);
            }
        }
    }

    /// <summary>A socket, or why there is none.</summary>
    private async ValueTask<(Socket? Socket, string Reason)> ConnectAsync(DialTarget target, CancellationToken cancellationToken)
    {
        var family = target.EndPoint.AddressFamily;
        using var timer = new CancellationTokenSource(options.ConnectTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        var socket = new Socket(family, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (options.SourceAddress(family) is { } source) socket.Bind(new IPEndPoint(source, 0));
            await socket.ConnectAsync(target.EndPoint, either.Token);
            return (socket, "");
        }
        catch (SocketException e)
        {
            socket.Dispose();
            return (null, e.Message);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            return (null, FormattableString.Invariant($"No answer within {options.ConnectTimeout.TotalSeconds:0.#} s"));
        }
    }
}
