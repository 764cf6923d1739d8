using Google.Protobuf;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Merpati.Rpc.Faults;
using Merpati.Rpc.Security;
using Microsoft.Extensions.Logging;

namespace Merpati.Rpc.Serving;

/// <summary>Around every call that is served: who may, what a fault becomes on the wire and in the log, how long it took.</summary>
internal sealed class GuardedCalls(ServiceIdentity identity, CallerRights rights, RpcMetrics metrics, TimeProvider time, ILogger<GuardedCalls> logger) : Interceptor
{
    private static readonly string[] Ids = ["account_id", "mailbox_id", "queue_id", "content_id"];

    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        TResponse? response = null;
        await GuardAsync(request, context, async () => response = await continuation(request, context));
        return response!;
    }

    public override Task ServerStreamingServerHandler<TRequest, TResponse>(TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
        => GuardAsync(request, context, () => continuation(request, responseStream, context));

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        TResponse? response = null;
        await GuardAsync(null, context, async () => response = await continuation(requestStream, context));
        return response!;
    }

    public override Task DuplexStreamingServerHandler<TRequest, TResponse>(IAsyncStreamReader<TRequest> requestStream, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, DuplexStreamingServerMethod<TRequest, TResponse> continuation)
        => GuardAsync(null, context, () => continuation(requestStream, responseStream, context));

    private async Task GuardAsync(object? request, ServerCallContext context, Func<Task> call)
    {
        var begun = time.GetTimestamp();
        var status = StatusCode.OK;
        var caller = CallerRights.Anyone;
        try
        {
            caller = Admit(context);
            await call();
        }
        catch (RpcException refused)
        {
            status = refused.StatusCode;
            throw;
        }
        // Whoever asked has gone, or its time is over: nobody hears an answer. What the port throws then can be anything.
        catch (Exception) when (context.CancellationToken.IsCancellationRequested)
        {
            status = time.GetUtcNow().UtcDateTime >= context.Deadline ? StatusCode.DeadlineExceeded : StatusCode.Cancelled;
            throw new RpcException(new Status(status, "The call was given up."));
        }
#pragma warning disable CA1031 // The one catch for faults: the caller gets a status, the log gets the rest.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            var told = Fault.ToStatus(fault);
            status = told.StatusCode;
            Log(context.Method, request, fault, status);
            throw told;
        }
        finally { metrics.Served(context.Method, caller, status, time.GetElapsedTime(begun)); }
    }

    private string Admit(ServerCallContext context)
    {
        if (!identity.IsProtected) return CallerRights.Anyone;
        // Not only what came in through our own port is held to it: a call that got in elsewhere has no certificate.
        if (context.GetHttpContext().Connection.ClientCertificate is not { } certificate)
            throw new RpcException(new Status(StatusCode.Unauthenticated, "Show the certificate of a service."));
        var service = context.Method[1..context.Method.LastIndexOf('/')];
        if (rights.Admit(certificate, service) is { } name) return name;
        logger.CallRefused(context.Method, string.Join(", ", rights.NamesOf(certificate)));
        throw new RpcException(new Status(StatusCode.PermissionDenied, "This service may not make this call."));
    }

    private void Log(string method, object? request, Exception fault, StatusCode status)
    {
        switch (status)
        {
            case StatusCode.InvalidArgument: logger.BadRequest(method, IdsOf(request), fault.Message); break;
            case StatusCode.Unavailable or StatusCode.ResourceExhausted or StatusCode.DataLoss: logger.StoreFault(method, IdsOf(request), fault.Message); break;
            default: logger.CallFailed(method, IdsOf(request), fault); break;
        }
    }

    /// <summary>What the request is about, for the log.</summary>
    private static string IdsOf(object? request)
        => request is not IMessage message ? "no ids" : string.Join(' ', Ids
            .Select(message.Descriptor.FindFieldByName)
            .Where(field => field is not null)
            .Select(field => $"{field.Name}={(field.Accessor.GetValue(message) is ByteString octets ? Convert.ToHexStringLower(octets.Span) : "?")}"));
}
