using Microsoft.Extensions.Options;

namespace Merpati.UserDirectory.Credentials;

/// <summary>
/// Argon2id takes a core and 19 MiB for some 50 ms: only so many at once, only so many in line. Beyond that a login is put off rather than queued for ever,
/// so that a flood of logins costs the others time and never the machine its memory.
/// </summary>
internal sealed class HashingGate(IOptions<UserDirectoryOptions> options) : IDisposable
{
    private readonly SemaphoreSlim _turns = new(Concurrency(options.Value));
    private readonly int _capacity = Concurrency(options.Value) + options.Value.WaitingVerifications;
    private int _inside;

    /// <summary>A turn, to be disposed of; null when the line is full.</summary>
    public async ValueTask<IDisposable?> TryEnterAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _inside) <= _capacity) return await WaitAsync(cancellationToken);
        Interlocked.Decrement(ref _inside);
        return null;
    }

    /// <summary>A turn however long the line is.</summary>
    public ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _inside);
        return WaitAsync(cancellationToken);
    }

    public void Dispose() => _turns.Dispose();

    private static int Concurrency(UserDirectoryOptions options) => options.ConcurrentVerifications > 0 ? options.ConcurrentVerifications : Environment.ProcessorCount;

    private async ValueTask<IDisposable> WaitAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _turns.WaitAsync(cancellationToken);
        }
        catch
        {
            Interlocked.Decrement(ref _inside);
            throw;
        }
        return new Turn(this);
    }

    private sealed class Turn(HashingGate gate) : IDisposable
    {
        private HashingGate? _gate = gate;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _gate, null) is not { } entered) return;
            Interlocked.Decrement(ref entered._inside);
            entered._turns.Release();
        }
    }
}
