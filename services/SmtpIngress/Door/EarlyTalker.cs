using Merpati.Protocols.Wire;

namespace Merpati.SmtpIngress.Door;

/// <summary>
/// Waits a little before the greeting. A client that speaks in that time does not wait for its turn (RFC 5321 §4.3.1), and no mail server is like that.
/// </summary>
internal static class EarlyTalker
{
    /// <summary>True when the client spoke before the time was over; one that goes away just goes. What it said stays unread.</summary>
    public static async ValueTask<bool> SpokeAsync(ITransport transport, TimeSpan delay, TimeProvider time, CancellationToken cancellationToken)
    {
        using var timer = new CancellationTokenSource(delay, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, cancellationToken);
        try
        {
            var read = await transport.Input.ReadAsync(either.Token).ConfigureAwait(false);
            var spoke = !read.Buffer.IsEmpty;
            transport.Input.AdvanceTo(read.Buffer.Start);
            return spoke;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested) { return false; }
    }
}
