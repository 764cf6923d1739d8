using System.Globalization;
using Grpc.Core;
using Merpati.Mailboxes;
using Merpati.Mailboxes.V1;
using Merpati.Storage;

namespace Merpati.Rpc.Faults;

/// <summary>
/// The faults that the ports promise, as gRPC statuses and back. A trailer says that the status is the word of the service:
/// the same status without it is a fault of the connection. No message of an exception we did not write goes out.
/// </summary>
internal static class Fault
{
    /// <summary>Which of the promised faults it is.</summary>
    public const string Kind = "merpati-fault";

    /// <summary>The content that is damaged.</summary>
    public const string Content = "merpati-content";

    private const string Unavailable = "store-unavailable";
    private const string Full = "store-full";
    private const string Damaged = "content-damaged";
    private const string EndedEarly = "ended-early";
    private const string Bad = "bad-request";
    private const string Unforeseen = "unforeseen";

    /// <summary>The server's side.</summary>
    public static RpcException ToStatus(Exception fault) => fault switch
    {
        RpcException already => already,
        ContentDamagedException damage => Status(StatusCode.DataLoss, damage.Message, Damaged, (Content, damage.Content.ToString())),
        StoreFullException full => Status(StatusCode.ResourceExhausted, full.Message, Full),
        StoreUnavailableException => Status(StatusCode.Unavailable, "The store is not available.", Unavailable),
        EndOfStreamException => Status(StatusCode.InvalidArgument, "The message ended early.", EndedEarly),
        WireFormatException bad => Status(StatusCode.InvalidArgument, bad.Message, Bad),
        ArgumentException => Status(StatusCode.InvalidArgument, "The request is not possible.", Bad),
        // A database driver, a full disk, a slow lock: for now it does not work.
        IOException or TimeoutException => Status(StatusCode.Unavailable, "The store is not available.", Unavailable),
        _ => Status(StatusCode.Internal, "Internal error, it was logged.", Unforeseen),
    };

    /// <summary>The client's side: what the port promises for it.</summary>
    /// <param name="port">The port that was called, as it is named to people.</param>
    public static Exception ToException(RpcException status, string port, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested) return new OperationCanceledException(null, status, cancellationToken);
        return status.Trailers.GetValue(Kind) switch
        {
            Damaged when Guid.TryParseExact(status.Trailers.GetValue(Content), "N", out var content) => new ContentDamagedException(new ContentId(content), $"as {port} said"),
            Full => new StoreFullException(port, status),
            EndedEarly => new EndOfStreamException(status.Status.Detail),
            Bad => new ArgumentException(status.Status.Detail, nameof(status), status),
            Unforeseen => new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"A call to {port} failed: {status.StatusCode}, {status.Status.Detail}"), status),
            _ => new StoreUnavailableException(port, status.StatusCode == StatusCode.DeadlineExceeded ? "it did not answer in time" : status.Status.Detail, status),
        };
    }

    /// <summary>The connection failed, not the service: whether the call was carried out is not known.</summary>
    public static bool IsOfConnection(RpcException status)
        => status.Trailers.Get(Kind) is null
            && (status.StatusCode == StatusCode.Unavailable || status.StatusCode is StatusCode.Internal or StatusCode.Cancelled or StatusCode.Unknown && status.Status.DebugException is HttpRequestException or IOException);

    /// <summary>No connection came about, so nothing of the request was sent.</summary>
    public static bool IsBeforeSending(RpcException status)
        => IsOfConnection(status) && status.Status.DebugException is System.Net.Sockets.SocketException
            or System.Security.Authentication.AuthenticationException
            or HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError };

    private static RpcException Status(StatusCode code, string detail, string kind, params ReadOnlySpan<(string Key, string Value)> more)
    {
        var trailers = new Metadata { { Kind, kind } };
        foreach (var (key, value) in more) trailers.Add(key, value);
        return new RpcException(new Status(code, detail), trailers);
    }
}
